package switchboard.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jboss.arquillian.container.spi.client.container.DeployableContainer;
import org.jboss.arquillian.container.spi.client.container.DeploymentException;
import org.jboss.arquillian.container.spi.client.deployment.Deployment;
import org.jboss.arquillian.container.spi.client.deployment.DeploymentDescription;
import org.jboss.arquillian.container.spi.client.deployment.DeploymentTargetDescription;
import org.jboss.arquillian.container.spi.client.protocol.metadata.ProtocolMetaData;
import org.jboss.arquillian.container.spi.context.annotation.DeploymentScoped;
import org.jboss.arquillian.container.spi.event.DeployDeployment;
import org.jboss.arquillian.container.spi.event.UnDeployDeployment;
import org.jboss.arquillian.container.spi.event.container.BeforeStop;
import org.jboss.arquillian.core.api.InstanceProducer;
import org.jboss.arquillian.core.api.annotation.Inject;
import org.jboss.arquillian.core.api.annotation.Observes;
import org.jboss.arquillian.core.spi.EventContext;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.shrinkwrap.api.Archive;
import org.jboss.shrinkwrap.api.asset.Asset;

/**
 * Keeps an application deployed until a class of tests deploys another: a deployment takes seconds
 * on every server, and half of the classes deploy the same. Only what is the one deployment of its
 * class is kept; what a test deploys and undeploys itself really comes and goes.
 */
public final class KeptDeployment implements LoadableExtension {

  @Override
  public void register(ExtensionBuilder builder) {
    builder.observer(Keeper.class);
  }

  private record Kept(
      String digest,
      Archive<?> archive,
      DeployableContainer<?> container,
      ProtocolMetaData metaData) {}

  /** Stands between Arquillian and its container. */
  public static final class Keeper {

    /** After those that open Arquillian's scopes. */
    private static final int LAST = -100;

    @Inject @DeploymentScoped private InstanceProducer<ProtocolMetaData> metaData;

    private Kept kept;
    private Deployment current;

    /** Deploys nothing where the same is there. */
    public void deploy(@Observes(precedence = LAST) EventContext<DeployDeployment> context)
        throws DeploymentException {
      Deployment deployment = context.getEvent().getDeployment();
      String digest = isTheOnlyOne(deployment) ? digest(deployment) : "";
      if (kept != null && kept.digest.equals(digest)) {
        metaData.set(kept.metaData);
        deployment.deployed();
        current = deployment;
        return;
      }
      undeployKept();
      context.proceed();
      if (!digest.isEmpty()) {
        kept =
            new Kept(
                digest,
                deployment.getDescription().getArchive(),
                context.getEvent().getDeployableContainer(),
                metaData.get());
        current = deployment;
      }
    }

    /** Leaves what the next class may want. */
    public void undeploy(@Observes(precedence = LAST) EventContext<UnDeployDeployment> context) {
      Deployment deployment = context.getEvent().getDeployment();
      if (deployment == current) {
        deployment.undeployed();
      } else {
        context.proceed();
      }
    }

    /** A server that is stopped keeps nothing for the next start. */
    public void stop(@Observes BeforeStop event) throws DeploymentException {
      undeployKept();
    }

    private void undeployKept() throws DeploymentException {
      if (kept != null) {
        Kept old = kept;
        kept = null;
        current = null;
        old.container.undeploy(old.archive);
      }
    }

    private static boolean isTheOnlyOne(Deployment deployment) {
      DeploymentDescription description = deployment.getDescription();
      return description.managed()
          && description.isArchiveDeployment()
          && description.getName().equals(DeploymentTargetDescription.DEFAULT.getName());
    }

    private static String digest(Deployment deployment) {
      Map<String, Asset> assets = new TreeMap<>();
      deployment
          .getDescription()
          .getArchive()
          .getContent()
          .forEach((path, node) -> assets.put(path.get(), node.getAsset()));
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(
            deployment.getDescription().getArchive().getName().getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<String, Asset> entry : assets.entrySet()) {
          digest.update(entry.getKey().getBytes(StandardCharsets.UTF_8));
          if (entry.getValue() != null) {
            try (InputStream content = entry.getValue().openStream()) {
              digest.update(content.readAllBytes());
            }
          }
        }
        return HexFormat.of().formatHex(digest.digest());
      } catch (NoSuchAlgorithmException | IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
