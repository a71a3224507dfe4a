package domain.my.lpm.bench;

/**
 * One measured value.
 *
 * @param figure what is measured, for example {@code restore}
 * @param variant by which of the ways that are compared, for example {@code runc eager}
 * @param mebibytes the memory of the application, or the size of the data; 0 where it does not matter
 * @param repetition from 1 on; measurements of one repetition were taken shortly after one another
 * @param value how much
 * @param unit of what: ms, KiB or MiB/s
 */
record Measurement(String figure, String variant, int mebibytes, int repetition, double value, String unit) {}
