<?php
/**
 * Once a night, in both modes of capture: orders of the last 90 days and everything else, compared with what was last
 * seen. It repairs what triggers or polling missed. Page by page by primary key, and resumed where it stopped.
 */
class ErpSync_Sweep
{
    const PAGE = 100;
    const DAYS = 90;
    /** Days for which a relayed change stays in the feed. */
    const FEED_DAYS = 30;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Comparison|null */
    private $comparison = null;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /** @return bool whether one is under way, or its time has come: at night, or whenever a day has passed */
    public function isDue()
    {
        if ($this->app->state->json('sweep') !== array()) {
            return true;
        }
        // Either way: one that was made while the clock was ahead must not put off the next.
        $hours = abs(time() - $this->app->state->int('sweep_at')) / 3600;
        // The shop's time zone: ErpSync_ShopTime sets it.
        $this->app->time();
        $hour = (int) date('G');
        return $hours > 26 || ($hours > 20 && $hour >= 1 && $hour < 6);
    }

    /** Goes on, or begins. @param float $until microtime @return bool whether it came to its end */
    public function work($until)
    {
        if ($this->comparison === null) {
            $this->comparison = new ErpSync_Comparison($this->app);
        }
        $state = $this->app->state;
        $kinds = ErpSync_Kinds::names();
        $at = $state->json('sweep');
        if ($at === array()) {
            $at = array('kind' => 0, 'after' => null, 'begun' => time());
        }
        $since = $this->app->time()->toRaw($at['begun'] - self::DAYS * 86400);
        while (isset($kinds[$at['kind']])) {
            if (microtime(true) >= $until) {
                $state->set('sweep', $at);
                return false;
            }
            $kind = $kinds[$at['kind']];
            if ($at['after'] === null) {
                $at['after'] = $kind === 'order' ? ErpSync_Heads::before($this->app->db, 'order', $since) : '0';
            }
            $next = $this->comparison->page($kind, $at['after'], self::PAGE, $kind === 'order' ? $since : 0);
            if ($next === false) {
                $state->set('sweep', $at);
                return false;
            }
            $at = array('kind' => $at['kind'] + ($next === null ? 1 : 0), 'after' => $next, 'begun' => $at['begun']);
        }
        $this->app->outbox->prune(time() - self::FEED_DAYS * 86400);
        $state->set('sweep_at', time());
        $state->forget('sweep');
        return true;
    }
}
