"""What Leanpix is about: images, jobs, accounts, keys. Pure: no AWS, no HTTP, no third party."""
