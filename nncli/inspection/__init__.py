"""Looking inside: gradients checked, losses as surfaces, a run trained again, the smoke run."""
