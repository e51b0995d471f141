<?php
/** Named values in `erpsync_state`, read at each use: another process may have changed them. */
class ErpSync_State
{
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /** @return string '' if it was never set */
    public function get($name)
    {
        return (string) $this->db->value('SELECT value FROM {erpsync_state} WHERE name = ?', array($name));
    }

    public function int($name)
    {
        return (int) $this->get($name);
    }

    /** @return array decoded from JSON; empty if it was never set */
    public function json($name)
    {
        $value = json_decode($this->get($name), true);
        return is_array($value) ? $value : array();
    }

    /** @param string|int|array $value arrays are kept as JSON */
    public function set($name, $value)
    {
        $text = is_array($value) ? json_encode($value) : (string) $value;
        $this->db->exec(
            'INSERT INTO {erpsync_state} (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = ?',
            array($name, $text, $text)
        );
    }

    public function forget($name)
    {
        $this->db->exec('DELETE FROM {erpsync_state} WHERE name = ?', array($name));
    }
}
