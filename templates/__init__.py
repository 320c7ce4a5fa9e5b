"""The CloudFormation templates, one stack each."""
