package io.sluice.gateway.filter.extauthz;

import java.util.function.Consumer;

/** Whom the filter asks. */
interface AuthorizationService {
    /**
     * @param then once, on the exchange's loop, never from inside this method
     * @return cancels the question: nothing follows
     */
    Runnable ask(Question question, Consumer<Verdict> then);
}
