"""What tests share: a workbench of a fake Bitbucket and a graph beside it."""
