"""The infrastructure as code: CDK constructs, one stack per stage."""
