"""What the data cannot tell, each as a finding with a number in it."""
