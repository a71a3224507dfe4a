package domain.my.lpm.controller.migration;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.controller.StatusPatch;
import io.javaoperatorsdk.operator.api.reconciler.BaseControl;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import java.util.List;

/** PodMigrations: what is done stands in the handlers of their phases. */
public final class PodMigrationReconciler implements Reconciler<PodMigration>, Cleaner<PodMigration> {
    private final Migrations migrations = new Migrations();
    private final MigrationEvents events;
    private final Protocol protocol;

    /** A reconciler of all PodMigrations. */
    public PodMigrationReconciler(Protocol protocol, MigrationEvents events) {
        this.protocol = protocol;
        this.events = events;
    }

    @Override
    public List<EventSource<?, PodMigration>> prepareEventSources(EventSourceContext<PodMigration> context) {
        return events.sources(context);
    }

    @Override
    public UpdateControl<PodMigration> reconcile(PodMigration migration, Context<PodMigration> context) {
        Next next = migrations.advance(new Migration(migration, protocol, writer(context)));
        return after(next, UpdateControl.noUpdate());
    }

    @Override
    public DeleteControl cleanup(PodMigration migration, Context<PodMigration> context) {
        Next next = migrations.cancel(new Migration(migration, protocol, writer(context)));
        return next instanceof Next.End
                ? DeleteControl.defaultDelete()
                : after(next, DeleteControl.noFinalizerRemoval());
    }

    private static <C extends BaseControl<C>> C after(Next next, C control) {
        return next instanceof Next.Wait wait ? control.rescheduleAfter(wait.atMost()) : control;
    }

    /** What we write is seen by our next look, and wakes nobody. */
    private static StatusWriter writer(Context<PodMigration> context) {
        return changed -> context.resourceOperations()
                .resourcePatch(
                        changed,
                        migration -> StatusPatch.write(context.getClient(), migration),
                        context.eventSourceRetriever().getControllerEventSource());
    }
}
