package shop;

import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** What a transaction commits in two phases: as XA databases do, without one. */
final class Resources {

  private static final List<String> MANAGERS =
      List.of("java:appserver/TransactionManager", "java:jboss/TransactionManager");

  private Resources() {}

  static void enlistTwo() {
    try {
      enlist(new Resource());
      enlist(new Resource());
    } catch (SystemException | RollbackException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void enlist(XAResource resource) throws SystemException, RollbackException {
    if (!manager().getTransaction().enlistResource(resource)) {
      throw new IllegalStateException("not enlisted");
    }
  }

  private static TransactionManager manager() {
    for (String name : MANAGERS) {
      try {
        return (TransactionManager) new InitialContext().lookup(name);
      } catch (NamingException e) {
        // another server's name
      }
    }
    throw new UnsupportedOperationException("no transaction manager at " + MANAGERS);
  }

  private static final class Resource implements XAResource {

    @Override
    public void commit(Xid xid, boolean isOnePhase) {
      // nothing is kept
    }

    @Override
    public void end(Xid xid, int flags) {
      // nothing is kept
    }

    @Override
    public void forget(Xid xid) {
      // nothing is kept
    }

    @Override
    public int getTransactionTimeout() {
      return 0;
    }

    @Override
    public boolean isSameRM(XAResource other) {
      return other == this;
    }

    @Override
    public int prepare(Xid xid) {
      return XA_OK;
    }

    @Override
    public Xid[] recover(int flag) {
      return new Xid[0];
    }

    @Override
    public void rollback(Xid xid) {
      // nothing is kept
    }

    @Override
    public boolean setTransactionTimeout(int seconds) {
      return false;
    }

    @Override
    public void start(Xid xid, int flags) {
      // nothing is kept
    }
  }
}
