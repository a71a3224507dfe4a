package domain.my.lpm.launcher.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The IP addresses of a network namespace, as {@code /proc/PID/net} lists them. */
public final class Addresses {
    private static final Pattern LEAF = Pattern.compile("\\s*\\|-- ([0-9.]+)");
    private static final Pattern LOCAL = Pattern.compile("\\s*/32 host LOCAL");

    private Addresses() {}

    /**
     * All addresses of the namespace in which a process is, loopback included.
     *
     * @throws UncheckedIOException if there is no such process
     */
    public static Set<InetAddress> of(int pid) {
        Path net = Path.of("/proc/" + pid + "/net");
        try {
            Set<InetAddress> addresses = parseRoutes(Files.readAllLines(net.resolve("fib_trie")));
            try {
                addresses.addAll(parseInterfaces(Files.readAllLines(net.resolve("if_inet6"))));
            } catch (NoSuchFileException withoutVersion6) {
                return addresses;
            }
            return addresses;
        } catch (IOException gone) {
            throw new UncheckedIOException("cannot read the addresses of process " + pid, gone);
        }
    }

    /** The addresses in a {@code fib_trie}, see Linux's {@code net/ipv4/fib_trie.c}: leaves with a local host route. */
    static Set<InetAddress> parseRoutes(List<String> lines) {
        Set<InetAddress> addresses = new LinkedHashSet<>();
        String leaf = "";
        for (String line : lines) {
            Matcher address = LEAF.matcher(line);
            if (address.matches()) {
                leaf = address.group(1);
            } else if (LOCAL.matcher(line).matches()) {
                String[] parts = leaf.split("\\.");
                byte[] bytes = new byte[parts.length];
                for (int index = 0; index < parts.length; index++) {
                    bytes[index] = (byte) Integer.parseInt(parts[index]);
                }
                addresses.add(address(bytes));
            }
        }
        return addresses;
    }

    /** The addresses in an {@code if_inet6}: 32 hexadecimal digits at the beginning of each line. */
    static Set<InetAddress> parseInterfaces(List<String> lines) {
        Set<InetAddress> addresses = new LinkedHashSet<>();
        for (String line : lines) {
            addresses.add(address(HexFormat.of().parseHex(line.substring(0, 32))));
        }
        return addresses;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException malformed) {
            throw new UncheckedIOException("the kernel lists an address of " + bytes.length + " bytes", malformed);
        }
    }
}
