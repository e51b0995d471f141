<?php
/** The parts of the bridge, wired once per process. */
class ErpSync_App
{
    const VERSION = '1.1.0';

    /** @var ErpSync_ShopConfig */
    public $config;
    /** @var ErpSync_Db */
    public $db;
    /** @var ErpSync_State */
    public $state;
    /** @var ErpSync_Counter */
    public $counter;
    /** @var ErpSync_Outbox */
    public $outbox;
    /** @var ErpSync_Binding */
    public $binding;

    /**
     * @param string $root the shop's folder
     * @throws ErpSync_SetupError if there is no shop, or no database
     */
    public function __construct($root)
    {
        $this->config = new ErpSync_ShopConfig($root);
        $this->db = new ErpSync_Db($this->config);
        $this->state = new ErpSync_State($this->db);
        $this->counter = new ErpSync_Counter($this->db, $this->config->root);
        $this->outbox = new ErpSync_Outbox($this->db, $this->counter);
        $this->binding = ErpSync_Binding::here($this->state, $this->config);
    }

    /** @return array what a caller cannot take for granted, because version 1.0.0 had it not */
    public static function features()
    {
        return array('order-notes', 'refunds', 'reply-marks');
    }

    public function isInstalled()
    {
        return ErpSync_Tables::exist($this->db) && $this->state->get('epoch') !== '';
    }

    /** @return ErpSync_ShopTime */
    public function time()
    {
        return ErpSync_ShopTime::measure($this->config, $this->state->int('plain_since'));
    }

    /** @return string three letters; what setup chose, as ECShop stores none */
    public function currency()
    {
        $chosen = $this->state->get('currency');
        return $chosen === '' ? 'CNY' : $chosen;
    }

    /** @return ErpSync_Events snapshots and tombstones as the webhook contract has them */
    public function events()
    {
        return new ErpSync_Events($this);
    }

    /**
     * Why this installation must not speak for the shop now.
     * @return array|null code, message, remedy
     */
    public function obstacle()
    {
        if (!$this->isInstalled()) {
            return array(
                'code' => 'not-installed',
                'message' => 'The bridge is not installed in this shop.',
                'remedy' => 'Open erpsync/setup.php as an administrator of the shop, or run php erpsync/cli.php install.',
            );
        }
        $mismatch = $this->binding->mismatch();
        if ($mismatch !== null) {
            return array(
                'code' => 'not-bound',
                'message' => 'This is not the installation that was bound: another ' . $mismatch . '.',
                'remedy' => 'On a copy of the shop, leave it so. If the shop itself has moved, bind it on the setup page or with php erpsync/cli.php bind.',
            );
        }
        if ($this->counter->isRestored()) {
            return array(
                'code' => 'restored',
                'message' => 'The database is older than what was already sent: it was restored from a backup.',
                'remedy' => 'Start a new epoch on the setup page or with php erpsync/cli.php new-epoch --yes, then connect it again.',
            );
        }
        $paused = $this->state->json('paused');
        return $paused === array() ? null : $paused;
    }
}
