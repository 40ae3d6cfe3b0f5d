"""What the program promises when machines, disks, corpora and readers do their worst."""
