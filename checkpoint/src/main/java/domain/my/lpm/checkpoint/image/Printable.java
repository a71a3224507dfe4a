package domain.my.lpm.checkpoint.image;

/** Text from a dump made fit to be shown: it may hold anything, so also what would steer a terminal or forge a line. */
public final class Printable {
    private Printable() {}

    /** The text with every control, format and unpaired surrogate character as {@code \}{@code u} and four digits. */
    public static String of(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(character -> {
            switch (Character.getType(character)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> {
                    for (char unit : Character.toChars(character)) {
                        printable.append(String.format("\\u%04x", (int) unit));
                    }
                }
                default -> printable.appendCodePoint(character);
            }
        });
        return printable.toString();
    }
}
