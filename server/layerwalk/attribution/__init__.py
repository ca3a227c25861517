"""Attribution: what made a unit as strong as it is. Pure calculation, one method in each file."""
