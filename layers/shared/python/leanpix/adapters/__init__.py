"""The outside world: AWS through boto3, and addresses that strangers name."""
