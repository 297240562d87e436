"""What officers do, each as one function over a `cipherpost.desk.Desk`; no words for the screen, no options."""
