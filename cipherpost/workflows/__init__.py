"""What officers do, each as one function over a `cipherpost.desk.Desk`: values in and out, no options, no streams."""
