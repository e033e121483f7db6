* Capacitated facility location: which of three plants to open, and what they ship to four cities.
* By hand, fixed cost and best shipping: metz alone 30, lyon with metz 31, lyon with nice 31, metz with nice 31, all 34;
* the other choices have too little capacity. So the optimum is 30.
NAME facility
ROWS
 N cost
 E demand_paris
 E demand_rennes
 E demand_tours
 E demand_lille
 L capacity_lyon
 L capacity_metz
 L capacity_nice
COLUMNS
    MARKER 'MARKER' 'INTORG'
    open_lyon cost 7 capacity_lyon -10
    open_metz cost 8 capacity_metz -14
    open_nice cost 5 capacity_nice -8
    MARKER 'MARKER' 'INTEND'
    ship_lyon_paris cost 1 demand_paris 1
    ship_lyon_paris capacity_lyon 1
    ship_lyon_rennes cost 2 demand_rennes 1
    ship_lyon_rennes capacity_lyon 1
    ship_lyon_tours cost 3 demand_tours 1
    ship_lyon_tours capacity_lyon 1
    ship_lyon_lille cost 2 demand_lille 1
    ship_lyon_lille capacity_lyon 1
    ship_metz_paris cost 2 demand_paris 1
    ship_metz_paris capacity_metz 1
    ship_metz_rennes cost 1 demand_rennes 1
    ship_metz_rennes capacity_metz 1
    ship_metz_tours cost 1 demand_tours 1
    ship_metz_tours capacity_metz 1
    ship_metz_lille cost 3 demand_lille 1
    ship_metz_lille capacity_metz 1
    ship_nice_paris cost 3 demand_paris 1
    ship_nice_paris capacity_nice 1
    ship_nice_rennes cost 2 demand_rennes 1
    ship_nice_rennes capacity_nice 1
    ship_nice_tours cost 1 demand_tours 1
    ship_nice_tours capacity_nice 1
    ship_nice_lille cost 1 demand_lille 1
    ship_nice_lille capacity_nice 1
RHS
    rhs demand_paris 4
    rhs demand_rennes 5
    rhs demand_tours 3
    rhs demand_lille 2
BOUNDS
 BV bnd open_lyon
 BV bnd open_metz
 BV bnd open_nice
ENDATA
