"""What a wheel is: parts, equations, units, graph, composition, rules, TOML both ways."""
