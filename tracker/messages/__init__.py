"""Events as messages to other programs, by webhook and MQTT: kept on disk until they have arrived."""
