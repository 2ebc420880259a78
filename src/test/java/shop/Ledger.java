package shop;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;

/** Two databases, which take part in one transaction; a table for each channel in both. */
@ApplicationScoped
public class Ledger {

  private static final List<String> DATABASES = List.of("orders", "bills");

  /** To be called outside of a transaction: databases commit at a new table. */
  void open(String channel) {
    for (String database : DATABASES) {
      run(database, "create table " + table(channel) + " (piece int)");
    }
  }

  void write(String database, String channel) {
    run(database, "insert into " + table(channel) + " values (1)");
  }

  /** How many rows each database has, as {@code 1 1}. */
  String rows(String channel) {
    return rows("orders", channel) + " " + rows("bills", channel);
  }

  private static int rows(String database, String channel) {
    try (Connection connection = source(database).getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select count(*) from " + table(channel))) {
      rows.next();
      return rows.getInt(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(String database, String sql) {
    try (Connection connection = source(database).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String table(String channel) {
    return channel.replace('-', '_');
  }

  private static DataSource source(String database) {
    try {
      return (DataSource) new InitialContext().lookup("java:app/jdbc/" + database);
    } catch (NamingException e) {
      throw new IllegalStateException(e);
    }
  }
}
