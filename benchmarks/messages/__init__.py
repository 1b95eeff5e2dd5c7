"""Messages while their receivers are killed: how many are lost, how many come twice."""
