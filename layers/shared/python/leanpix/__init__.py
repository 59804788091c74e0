"""The service: all that the Lambda functions of Leanpix share. It carries no imaging library."""
