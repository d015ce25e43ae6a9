"""What the tests are made of that more than one folder needs: stored runs, races, histories, declarations."""
