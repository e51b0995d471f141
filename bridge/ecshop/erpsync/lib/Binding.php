<?php
/**
 * The fingerprint of the installation that may speak for the shop: folder, database and, where a request has one, the
 * host; on the command line the machine instead. A staging clone differs in one of them and relays nothing until a
 * person binds it. Nothing is stored on a mismatch, so that a forged Host header cannot stop the shop's own relay.
 */
class ErpSync_Binding
{
    /** @var ErpSync_State */
    private $state;
    /** @var array */
    private $here;

    public function __construct(ErpSync_State $state, array $here)
    {
        $this->state = $state;
        $this->here = $here;
    }

    /** @return ErpSync_Binding of the process that runs now */
    public static function here(ErpSync_State $state, ErpSync_ShopConfig $config)
    {
        $isWeb = PHP_SAPI !== 'cli';
        return new self($state, array(
            'path' => (string) realpath($config->root),
            'database' => $config->dbHost . '/' . $config->dbName . '/' . $config->prefix,
            'host' => $isWeb && isset($_SERVER['HTTP_HOST']) ? self::host($_SERVER['HTTP_HOST']) : null,
            'machine' => $isWeb ? null : php_uname('n'),
        ));
    }

    private static function hostOf($url)
    {
        $parts = parse_url($url);
        return !isset($parts['host']) ? '' : self::host($parts['host'] . (isset($parts['port']) ? ':' . $parts['port'] : ''));
    }

    private static function host($name)
    {
        return preg_replace('/^www\./', '', strtolower($name));
    }

    /**
     * Binds the installation that runs now; hosts and machines add up as long as folder and database stay.
     * @param string $publicUrl where the service calls, which need not be the host that setup was opened under
     */
    public function bind($publicUrl = '')
    {
        $bound = $this->state->json('bound');
        $same = isset($bound['path']) && $bound['path'] === $this->here['path']
            && $bound['database'] === $this->here['database'];
        $next = $same ? $bound : array('hosts' => array(), 'machines' => array());
        $next['path'] = $this->here['path'];
        $next['database'] = $this->here['database'];
        foreach (array('host' => 'hosts', 'machine' => 'machines') as $one => $many) {
            if ($this->here[$one] !== null && !in_array($this->here[$one], $next[$many], true)) {
                $next[$many][] = $this->here[$one];
            }
        }
        $public = self::hostOf($publicUrl);
        // Where no host is known any may call, and one alone would shut out the shop's others.
        if ($public !== '' && $next['hosts'] !== array() && !in_array($public, $next['hosts'], true)) {
            $next['hosts'][] = $public;
        }
        $this->state->set('bound', $next);
    }

    /** @return string|null what differs from the bound installation: path, database, host or machine */
    public function mismatch()
    {
        $bound = $this->state->json('bound');
        foreach (array('path', 'database') as $part) {
            if (!isset($bound[$part]) || $bound[$part] !== $this->here[$part]) {
                return $part;
            }
        }
        foreach (array('host' => 'hosts', 'machine' => 'machines') as $one => $many) {
            // The first of its sort binds itself: setup on the web knows no machine, on the command line no host.
            if ($this->here[$one] !== null && $bound[$many] !== array()
                && !in_array($this->here[$one], $bound[$many], true)) {
                return $one;
            }
        }
        return null;
    }
}
