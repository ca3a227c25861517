"""Callbacks for training loops of others; each is imported where its library is used."""
