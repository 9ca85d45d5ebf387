"""Plain parameters of every law of purchases, like those of CDNOW; a further law adds a line."""

PARAMETERS = {
    "pareto_nbd": {"r": 0.55, "alpha": 10.6, "s": 0.61, "beta": 11.7},
    "nbd": {"r": 0.39, "alpha": 12.1},
    "bg_nbd": {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881},
    "mbg_nbd": {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483},
    "mbg_cnbd": {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483, "k": 3.0},
}
