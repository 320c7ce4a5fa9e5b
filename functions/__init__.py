"""The code that runs on AWS, one folder for each function."""
