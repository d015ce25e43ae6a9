"""The form ``module``: a model as a torch module, whoever's code makes it."""
