import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Drives a server through JDBC. Prints ok when every check holds. */
public class Clients {
    static void check(Object got, Object want) {
        if (!String.valueOf(got).equals(String.valueOf(want))) {
            throw new AssertionError("got " + got + ", want " + want);
        }
    }

    static String row(ResultSet r) throws SQLException {
        List<String> cells = new ArrayList<>();
        for (int i = 1; i <= r.getMetaData().getColumnCount(); i++) {
            cells.add(r.getString(i));
        }
        return String.join("|", cells);
    }

    static String rows(ResultSet r, int... columns) throws SQLException {
        List<String> lines = new ArrayList<>();
        while (r.next()) {
            List<String> cells = new ArrayList<>();
            for (int c : columns) {
                cells.add(r.getString(c));
            }
            lines.add(String.join("|", cells));
        }
        r.close();
        return String.join(",", lines);
    }

    public static void main(String[] args) throws Exception {
        try (Connection c = DriverManager.getConnection(args[0])) {
            statements(c);
            prepared(c);
            metadata(c);
            errors(c);
        }
        System.out.println("ok");
    }

    static void statements(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            check(s.executeUpdate("create table stock (id int, name text, price numeric(10,2), since date)"), 0);
            check(s.executeUpdate("insert into stock values (1, 'bolt', 1.50, date '2024-01-02'), (2, 'cord', 2.50, null)"), 2);
            try (ResultSet r = s.executeQuery("select * from stock order by id")) {
                ResultSetMetaData m = r.getMetaData();
                check(m.getColumnCount(), 4);
                check(m.getColumnName(3), "price");
                r.next();
                check(r.getInt(1), 1);
                check(r.getString("name"), "bolt");
                check(r.getBigDecimal(3), new BigDecimal("1.50"));
                check(r.getDate(4), "2024-01-02");
                r.next();
                check(r.getDate(4), null);
                check(r.wasNull(), true);
                check(r.next(), false);
            }
            try (ResultSet r = s.executeQuery("select count(*), sum(i) from generate_series(1, 100000) g(i)")) {
                r.next();
                check(row(r), "100000|5000050000");
            }
            s.execute("set timezone = 'Europe/Berlin'");
            try (ResultSet r = s.executeQuery("show timezone")) {
                r.next();
                check(r.getString(1), "Europe/Berlin");
            }
            int n = 0;
            try (ResultSet r = s.executeQuery("select i, repeat('x', 100) from generate_series(1, 100000) g(i)")) {
                while (r.next()) {
                    n++;
                }
            }
            check(n, 100000);
        }
    }

    static void prepared(Connection c) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("insert into stock values (?, ?, ?, ?)")) {
            p.setInt(1, 3);
            p.setString(2, "é?");
            p.setBigDecimal(3, new BigDecimal("3.25"));
            p.setDate(4, Date.valueOf("2024-05-06"));
            check(p.executeUpdate(), 1);
        }
        String text = "select id, price from stock where name = ? and price > ? and id < ? -- no ? here";
        try (PreparedStatement p = c.prepareStatement(text)) {
            ParameterMetaData m = p.getParameterMetaData();
            check(m.getParameterCount(), 3);
            for (String name : new String[] {"cord", "é?"}) {
                p.setString(1, name);
                p.setBigDecimal(2, new BigDecimal("1.75"));
                p.setLong(3, 10);
                try (ResultSet r = p.executeQuery()) {
                    r.next();
                    check(row(r), name.equals("cord") ? "2|2.50" : "3|3.25");
                    check(r.next(), false);
                }
            }
        }
        try (PreparedStatement p = c.prepareStatement("select ?")) {
            p.setString(1, "text");
            try (ResultSet r = p.executeQuery()) {
                r.next();
                check(r.getString(1), "text");
            }
        }
    }

    static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        check(m.getDatabaseProductName(), "Polybolos");
        check(m.supportsTransactions(), false);
        check(rows(m.getCatalogs(), 1), "polybolos");
        check(rows(m.getSchemas(), 1, 2), "main|polybolos");
        check(rows(m.getTableTypes(), 1), "TABLE,VIEW");
        check(rows(m.getTables(null, null, "st%", new String[] {"TABLE"}), 1, 2, 3, 4), "polybolos|main|stock|TABLE");
        check(rows(m.getColumns(null, null, "stock", null), 4, 5, 7), "id|4|10,name|12|65536,price|3|10,since|91|10");
        check(rows(m.getPrimaryKeys(null, null, "stock"), 4), "");
    }

    static void errors(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            for (String[] bad : new String[][] {
                {"select nope from stock", "ERROR 42703"}, {"select * from absent", "ERROR 42P01"}, {"selec 1", "ERROR 42601"},
                {"create table stock (a int)", "ERROR 42P07"},
            }) {
                try {
                    s.execute(bad[0]);
                } catch (SQLException e) {
                    if (!e.getMessage().contains(bad[1])) {
                        throw new AssertionError(bad[0] + " failed with " + e.getMessage());
                    }
                    continue;
                }
                throw new AssertionError(bad[0] + " did not fail");
            }
            try (ResultSet r = s.executeQuery("select 1")) {
                r.next();
                check(r.getInt(1), 1);
            }
        }
    }
}
