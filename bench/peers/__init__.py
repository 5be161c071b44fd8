"""Faultline beside its peers: the same work, on the same server, each as its own documentation runs it fastest."""
