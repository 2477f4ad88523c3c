package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// jdbcVersion is the pinned version of the Arrow Flight SQL driver for JDBC.
const jdbcVersion = "18.3.0"

// driver is the JDBC driver's archive, fetched by Maven once.
func driver(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here", tool)
		}
	}
	folder, err := filepath.Abs(filepath.Join(root, "build", "clients"))
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(folder, "flight-sql-jdbc-driver-"+jdbcVersion+".jar")
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	run(t, exec.CommandContext(t.Context(), "mvn", "--quiet", "--batch-mode", "dependency:copy",
		"-Dartifact=org.apache.arrow:flight-sql-jdbc-driver:"+jdbcVersion, "-DoutputDirectory="+folder))
	return archive
}

// java compiles a program's file and runs its class with the driver.
func java(t *testing.T, file, class string, args ...string) string {
	t.Helper()
	archive := driver(t)
	classes := t.TempDir()
	run(t, exec.CommandContext(t.Context(), "javac", "-d", classes, file))
	// The driver's memory needs to look into java.nio.
	return run(t, exec.CommandContext(t.Context(), "java", append([]string{"--add-opens=java.base/java.nio=ALL-UNNAMED",
		"-cp", classes + string(filepath.ListSeparator) + archive, class}, args...)...))
}

// TestJDBC goes through the JDBC driver; the program asserts.
func TestJDBC(t *testing.T) { everywhere(t, onJDBC) }

func onJDBC(t *testing.T, s *server) {
	driver(t)
	if out := java(t, "testdata/java/Clients.java", "Clients", "jdbc:arrow-flight-sql://"+s.address+"/?useEncryption=false"); out != "ok\n" {
		t.Errorf("the program printed %q", out)
	}
}
