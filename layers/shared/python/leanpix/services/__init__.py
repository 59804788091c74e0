"""Hold one use case a module, over the domain and the ports; no AWS is here."""
