<?php
/** `GET changes.php`: what has changed since a number, whether the relay has sent it or not. */
class ErpSync_Changes
{
    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $query = $request->query(array('after', 'limit'));
        $after = $query->has('after') ? $query->queryInt('after', 0, PHP_INT_MAX) : 0;
        $limit = $query->has('limit') ? $query->queryInt('limit', 1, 1000) : 100;
        // What triggers have written is collected now: the feed is current even where no relay runs.
        $collector = new ErpSync_Collector($this->app);
        $collector->collect();
        $rows = $this->app->outbox->changes($after, $limit);
        $changes = array();
        $next = $after;
        foreach ($rows as $row) {
            $next = (int) $row['seq'];
            $changes[] = array(
                'seq' => $next,
                'kind' => $row['kind'],
                'id' => $row['thing_id'],
                'deleted' => $row['deleted'] === '1',
                'stamp' => (int) $row['stamp'],
                'at' => ErpSync_ShopTime::iso((int) $row['changed_at']),
            );
        }
        $seq = $this->app->counter->current();
        $this->app->counter->keepHighWater($seq);
        return array(
            'epoch' => $this->app->state->get('epoch'),
            'seq' => $seq,
            'changes' => $changes,
            'next' => $next,
            'more' => count($rows) === $limit,
        );
    }
}
