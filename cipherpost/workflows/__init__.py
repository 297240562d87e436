"""What officers do, each as one function over a `cipherpost.desk.Desk`; results as values, no options and no streams."""
