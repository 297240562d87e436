"""Stories of bad input and attacks are played in the network of `workflowkit`, with real homes."""

from netfixtures import make_net, net, template

__all__ = ["make_net", "net", "template"]
