package domain.my.lpm.sandbox.fault;

/** One field of the matrix. */
record Cell(Scenario scenario, Moment moment, Fault fault) {
    @Override
    public String toString() {
        return scenario + ": " + moment + ": " + fault;
    }
}
