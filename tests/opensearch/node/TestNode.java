import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * A node of OpenSearch that runs until its standard input ends.
 *
 * <p>Arguments are settings of OpenSearch, each as NAME=VALUE. The plugins are on the class path.
 */
public final class TestNode extends Node {
    private TestNode(Environment environment) {
        super(
            environment,
            List.of(CommonAnalysisPlugin.class, Netty4Plugin.class, PainlessPlugin.class),
            true);
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            int separator = argument.indexOf('=');
            settings.put(argument.substring(0, separator), argument.substring(separator + 1));
        }
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "node");
        try (Node node = new TestNode(environment)) {
            node.start();
            // The input also ends when the parent process ends, in whatever way.
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
