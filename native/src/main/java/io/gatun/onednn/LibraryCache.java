package io.gatun.onednn;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder of one user's own (0700) that holds the extracted libraries and nothing else. {@code libdnnl.so} looks for
 * its needs beside itself, so a stranger's file there would run: unknown names are refused, and so is every file whose
 * size or SHA-256 differs from the manifest. Hashing 90 MB costs 0.6 s, so it is done once and then a stamp (inode,
 * size, modification and change time of each file) is trusted.
 *
 * <p>Extraction goes to a folder beside the target that is then renamed: of several JVMs one wins and the others use
 * what it made.
 */
final class LibraryCache {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final String STAMP = "stamp";

    private final Path base;
    private final Path folder;
    private final Manifest manifest;

    /** A cache in {@code base/onednn-ID}; {@code base} is made when it is missing. */
    LibraryCache(Path base, Manifest manifest) {
        this.base = base;
        this.folder = base.resolve("onednn-" + manifest.id());
        this.manifest = manifest;
    }

    Path folder() {
        return folder;
    }

    /**
     * The checked folder, after extracting the files into it if it was not there.
     *
     * @throws UntrustedFileException if something there is not as Gatun made it
     * @throws IOException if the place cannot be used, or the jar with the files is not there
     */
    Path prepare() throws IOException {
        ownFolder(base);
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            extract();
        }
        verify();
        return folder;
    }

    private void ownFolder(Path place) throws IOException {
        if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(place.toAbsolutePath().getParent());
            try {
                Files.createDirectory(place, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } catch (FileAlreadyExistsException e) {
                // Another JVM was faster; what it made is checked below.
            }
        }
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new UntrustedFileException(place + " is not a folder");
        }
        Object owner = Files.getAttribute(place, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!owner.equals(self)) {
            throw new UntrustedFileException(place + " belongs to user " + owner + ", not to " + self);
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(place, LinkOption.NOFOLLOW_LINKS);
        if (!permissions.equals(OWNER_ONLY)) {
            throw new UntrustedFileException(place + " has permissions " + PosixFilePermissions.toString(permissions)
                    + " instead of rwx------: delete it, and it is made again");
        }
    }

    private void extract() throws IOException {
        Path temporary = Files.createTempDirectory(base, ".extract-");
        try {
            for (Manifest.Item item : manifest.files()) {
                extract(item, temporary.resolve(item.name()));
            }
            Files.writeString(temporary.resolve(STAMP), stamp(temporary));
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
            // Another JVM finished first: rename does not replace a folder that holds files.
        } finally {
            delete(temporary);
        }
    }

    private void extract(Manifest.Item item, Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = CarrierJar.open(manifest.folder(), item.name())) {
            if (in == null) {
                throw new NoSuchFileException(
                        manifest.folder() + "/" + item.name(),
                        null,
                        "in no jar on the class or module path: add org.bytedeco:dnnl with its linux-x86_64"
                                + " classifier");
            }
            try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), digest)) {
                in.transferTo(out);
            }
        }
        check(item, file, HexFormat.of().formatHex(digest.digest()), "the jar's ");
    }

    private void verify() throws IOException {
        ownFolder(folder);
        try (Stream<Path> inside = Files.list(folder)) {
            for (Path file : inside.toList()) {
                String name = file.getFileName().toString();
                if (!name.equals(STAMP) && !manifest.contains(name)) {
                    throw new UntrustedFileException(
                            file + " was not put there by Gatun: delete " + folder + ", and it is made again");
                }
                if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw new UntrustedFileException(file + " is not a plain file");
                }
            }
        }
        for (Manifest.Item item : manifest.files()) {
            Path file = folder.resolve(item.name());
            if (!Files.exists(file) || Files.size(file) != item.size()) {
                check(item, file, "", "");
            }
        }
        if (stamped()) {
            return;
        }
        for (Manifest.Item item : manifest.files()) {
            Path file = folder.resolve(item.name());
            check(item, file, hash(file), "");
        }
        restamp();
    }

    private void check(Manifest.Item item, Path file, String sha256, String whose) throws IOException {
        String again = ": delete " + folder + ", and it is made again";
        if (!Files.exists(file)) {
            throw new UntrustedFileException(whose + file + " is missing" + again);
        }
        if (Files.size(file) != item.size()) {
            throw new UntrustedFileException(
                    whose + file + " has " + Files.size(file) + " bytes instead of " + item.size() + again);
        }
        if (!sha256.equals(item.sha256())) {
            throw new UntrustedFileException(
                    whose + file + " has SHA-256 " + sha256 + " instead of " + item.sha256() + again);
        }
    }

    private boolean stamped() throws IOException {
        Path stamp = folder.resolve(STAMP);
        return Files.exists(stamp)
                && Files.size(stamp) < 4096
                && Files.readString(stamp).equals(stamp(folder));
    }

    /** What the files look like from outside; a rename of their folder does not change it, any write does. */
    private String stamp(Path place) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Manifest.Item item : manifest.files()) {
            var facts = Files.readAttributes(
                    place.resolve(item.name()), "unix:ino,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS);
            lines.append(item.name()).append(' ').append(item.sha256());
            for (String fact : new String[] {"ino", "size", "lastModifiedTime", "ctime"}) {
                lines.append(' ').append(facts.get(fact));
            }
            lines.append('\n');
        }
        return lines.toString();
    }

    private void restamp() throws IOException {
        Path fresh = Files.createTempFile(base, ".stamp-", null);
        Files.writeString(fresh, stamp(folder));
        Files.move(fresh, folder.resolve(STAMP), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String hash(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            Files.copy(file, out);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    private static void delete(Path temporary) throws IOException {
        if (!Files.exists(temporary)) {
            return;
        }
        try (Stream<Path> inside = Files.list(temporary)) {
            for (Path file : inside.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(temporary);
    }
}
