"""HTTP: parse a request, call one service, encode the answer."""
