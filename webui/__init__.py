"""Try it: a page where one picture is classified by every runtime side by side."""
