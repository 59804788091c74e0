"""Keep jobs, accounts and keys in DynamoDB."""
