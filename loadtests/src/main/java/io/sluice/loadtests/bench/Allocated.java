package io.sluice.loadtests.bench;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** What another JVM has allocated since its start, as its own management agent says. The agent stays in it: ask last. */
final class Allocated implements AutoCloseable {
    private final JMXConnector connector;

    private Allocated(JMXConnector connector) {
        this.connector = connector;
    }

    @SuppressWarnings("BanJNDI") // the address is that of a process we started
    static Allocated by(long pid) throws IOException {
        VirtualMachine machine;
        try {
            machine = VirtualMachine.attach(Long.toString(pid));
        } catch (AttachNotSupportedException e) {
            throw new IOException("no JVM: " + pid, e);
        }
        try {
            return new Allocated(JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent())));
        } finally {
            machine.detach();
        }
    }

    double bytes() throws IOException {
        MBeanServerConnection server = connector.getMBeanServerConnection();
        try {
            Object bytes = server.getAttribute(new ObjectName("java.lang:type=Threading"), "TotalThreadAllocatedBytes");
            return ((Number) bytes).doubleValue();
        } catch (JMException e) {
            throw new IOException("the JVM does not say what it allocated", e);
        }
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
