"""The control plane: the only room that speaks to CloudFormation."""
