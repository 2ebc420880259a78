package host;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/** All resources and providers that the server finds: it scans. */
@ApplicationPath("api")
public class HostApplication extends Application {}
