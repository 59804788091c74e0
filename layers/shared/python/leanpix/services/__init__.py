"""What Leanpix does, one use case a module, over the domain and the ports. No AWS here."""
