"""What the Python tests share: running burinc and burin-run, tensors as files, comparing."""
