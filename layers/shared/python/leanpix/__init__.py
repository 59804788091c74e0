"""What every Lambda function of Leanpix shares. It carries no imaging library."""
