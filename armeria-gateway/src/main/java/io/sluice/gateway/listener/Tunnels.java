package io.sluice.gateway.listener;

import com.linecorp.armeria.common.websocket.WebSocket;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.websocket.WebSocketProtocolHandler;
import com.linecorp.armeria.server.websocket.WebSocketService;

/** Says to Armeria that a request may be upgraded; the exchange then carries the bytes, whatever they mean. Never serves itself. */
enum Tunnels implements WebSocketService {
    ALLOWED;

    @Override
    public WebSocket serve(ServiceRequestContext ctx, WebSocket in) {
        throw new UnsupportedOperationException("the listener serves");
    }

    @Override
    public WebSocketProtocolHandler protocolHandler() {
        throw new UnsupportedOperationException("the listener serves");
    }
}
