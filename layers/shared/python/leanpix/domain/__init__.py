"""Model images, jobs, accounts and keys: no AWS, no HTTP, no third party."""
