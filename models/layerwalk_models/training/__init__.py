"""Train a classifier on a folder of class folders: data, augmentation, schedule, loop, report."""
